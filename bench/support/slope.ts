export type Point = readonly [x: number, y: number];

/** The line through the points by least squares: its slope, and the standard error of that. */
export function slopeOf(points: readonly Point[]): { slope: number; error: number } {
  const [x, y] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))];
  const spread = sum(points.map(([a]) => (a - x) ** 2));
  const slope = sum(points.map(([a, b]) => (a - x) * (b - y))) / spread;
  const residual = sum(points.map(([a, b]) => (b - y - slope * (a - x)) ** 2));
  return { slope, error: Math.sqrt(residual / (points.length - 2) / spread) };
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: number[]) => sum(values) / values.length;
