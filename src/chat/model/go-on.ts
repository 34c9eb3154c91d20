/** What a model is told behind an answer of its own that was cut off. */
export const GO_ON = 'Your answer was cut off here. Go on exactly where it ends, and repeat nothing of it.';
