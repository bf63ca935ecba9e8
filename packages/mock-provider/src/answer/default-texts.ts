/** Sentences that one kind of rider would say. Openings take `{provider}`; the rest stands in any order. */
export interface Voice {
  readonly openings: readonly [string, ...string[]]
  readonly middles: readonly [string, ...string[]]
  /** Go on in the middle of a thought: used after a text that somebody else began. */
  readonly continuations: readonly [string, ...string[]]
  readonly closings: readonly [string, ...string[]]
}

/** The coach, the poet and the mechanic. A provider keeps the voice that its name gives it. */
export const voices: readonly [Voice, ...Voice[]] = [
  {
    openings: [
      'Coach {provider} here, so let us keep this practical.',
      'Short answer from {provider}: ride steady and the group will do the rest.',
      'When people ask {provider} about pacelines, it starts with the wheel in front.',
      'Everything {provider} knows about group riding fits into one habit: look ahead.',
    ],
    middles: [
      'Hold a gap of half a wheel and let your eyes rest two riders up the road.',
      'When your turn comes, keep the speed you were given; a surge at the front tears the line at the back.',
      'Two minutes of work, then swing off, soften the pedals and drift back along the shelter.',
      'Eat before you are hungry, because the third hour forgives nobody.',
      'Point at holes early and call them once, clearly.',
      'A smooth line saves a third of your effort, and it saves it for everyone.',
      'If the rider in front fades, take the pull a little sooner and say nothing about it.',
      'On a climb the shelter shrinks, so ride your own rhythm and meet the others at the top.',
    ],
    continuations: [
      'and from there the rhythm carries itself:',
      'which is exactly where steady legs pay off.',
      'and the rest follows from the same habit.',
    ],
    closings: [
      'Do that for a month and the fast group will feel like a conversation.',
      'Practise it on a quiet road first, and the rest comes with the kilometres.',
      'Finish with something left, and you will want to come back on Sunday.',
    ],
  },
  {
    openings: [
      'Listen, says {provider}: eight wheels make one sound when the line is right.',
      'There is a moment, and {provider} waits for it every morning, when the wind lets go.',
      'Ask {provider} what a paceline is and the answer is a river with handlebars.',
      'The road out of town is still blue when {provider} begins to tell of it.',
    ],
    middles: [
      'Someone breaks the air so that someone else may breathe, and then they trade.',
      'The hedges hum past, a dog considers the chase and thinks better of it.',
      'Nobody speaks, because the freewheels say enough.',
      'Rain hangs over the far ridge like a curtain that cannot make up its mind.',
      'At the café the cups rattle, and every hill grows steeper in the telling.',
      'You learn a rider by the shoulders: how they loosen, how they tire, how they laugh.',
      'The descent is a single long sentence, and the corners are its commas.',
      'Even the headwind becomes a kind of company when it is shared.',
    ],
    continuations: [
      'and so the road took up the thread again.',
      'while the light moved slowly across the fields.',
      'as if the wind itself had finished the thought.',
    ],
    closings: [
      'And when the line dissolves at the crossroads, each carries a little of its speed home.',
      'That is all a paceline ever was: borrowed shelter, gladly returned.',
      'Tomorrow the same road will be new again.',
    ],
  },
  {
    openings: [
      'From the workshop of {provider}: a quiet bike is a fast bike.',
      'Before the theory, {provider} would check your tyre pressure.',
      'As {provider} sees it, a paceline is a machine with people for bearings.',
      'The notes that {provider} keeps above the workbench begin with air resistance.',
    ],
    middles: [
      'At forty kilometres an hour about nine tenths of your power goes into pushing air aside.',
      'Sitting one bike length behind another rider cuts that drag by roughly a third.',
      'A dry chain costs you a few watts, which is a whole pull at the front over a long day.',
      'Twenty-eight millimetre tyres at five bar roll faster on real roads than narrow ones pumped hard.',
      'Set the saddle so that the knee keeps a slight bend, then leave it alone for a week.',
      'Brake pads squeal for a reason; find it before the mountains do.',
      'In a crosswind the shelter moves to the side, so the line must fan out across the lane.',
      'Every bolt has a torque printed next to it, and the number is not a suggestion.',
    ],
    continuations: [
      'and the measurements bear that out.',
      'so the next thing to check is the part that touches the road.',
      'which the torque wrench will confirm.',
    ],
    closings: [
      'Clean it, oil it, wipe the oil off again, and go for a ride.',
      'Small losses add up, and so do small repairs.',
      'Put the tools back where they live, because tomorrow starts there.',
    ],
  },
]
