import { describe, expect, it } from 'vitest'
import { mayComeFrom } from './origins.ts'

const ALLOWED = [
  'https://app.example.com',
  'http://127.0.0.1:*',
  'https://own.example:8443',
  'http://[::1]:*',
]

describe('an origin', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:443',
    'http://127.0.0.1:5173',
    'http://127.0.0.1',
    'https://own.example:8443',
    'http://[::1]:3000',
  ])('%s is allowed', (origin) => {
    expect(mayComeFrom(origin, ALLOWED)).toBe(true)
  })

  it.each([
    'http://app.example.com',
    'https://app.example.com:444',
    'https://app.example.com.evil.example',
    'https://evil.example/https://app.example.com',
    'https://evil-app.example.com',
    'https://own.example',
    'https://127.0.0.1:5173',
    'http://127.0.0.1.evil.example:5173',
    'http://127.0.0.1:5173@evil.example',
    'null',
    '*',
    '',
    'app.example.com',
  ])('%j is not', (origin) => {
    expect(mayComeFrom(origin, ALLOWED)).toBe(false)
  })
})
