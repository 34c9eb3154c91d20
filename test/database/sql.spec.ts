import fc from 'fast-check';
import sql, { empty, fill, join, raw, type Sql } from '../../src/database/sql.js';

const parts = ({ text, values }: Sql) => ({ text, values });

test('what stands in a template is a parameter, and SQL a part of the statement', () => {
  const condition = sql`a = ${1} AND b IN (${join([2, sql`lower(${3})`, raw('c')])})`;
  expect(parts(sql`SELECT ${raw('x')} FROM t WHERE ${condition} ${empty}LIMIT ${4}`)).toEqual({
    text: 'SELECT x FROM t WHERE a = $1 AND b IN ($2,lower($3),c) LIMIT $4',
    values: [1, 2, 3, 4],
  });
  expect(parts(sql`SELECT 1`)).toEqual({ text: 'SELECT 1', values: [] });
});

test('a form takes its part as often as it names it', () => {
  expect(parts(fill('CASE WHEN \0 IS NULL THEN 0 ELSE \0 END', sql`${5}::int`))).toEqual({
    text: 'CASE WHEN $1::int IS NULL THEN 0 ELSE $2::int END',
    values: [5, 5],
  });
});

test('a list of two and the beginning of a list of three are not the same', () => {
  const [a, b, c] = [raw('a'), raw('b'), raw('c')];
  expect(join([a, b, c], ' AND ').text).toBe('a AND b AND c');
  expect(join([a, b], ' AND ').text).toBe('a AND b');
  expect(join([a, b], ' OR ').text).toBe('a OR b');
  expect(join([a]).text).toBe('a');
});

type Tree = { leaf: number } | { join: Tree[] } | { template: [Tree, Tree] };

const tree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ leaf: fc.integer() }),
    fc.record({ join: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ template: fc.tuple(tie('tree'), tie('tree')) }),
  ),
})).tree;

function build(node: Tree): Sql {
  if ('leaf' in node) return sql`(${node.leaf})`;
  if ('join' in node) return join(node.join.map(build), '+');
  return sql`f(${build(node.template[0])}, ${build(node.template[1])})`;
}

function leaves(node: Tree): number[] {
  if ('leaf' in node) return [node.leaf];
  return ('join' in node ? node.join : node.template).flatMap(leaves);
}

const naive = (node: Tree, next: () => number): string => {
  if ('leaf' in node) return `($${next()})`;
  if ('join' in node) return node.join.map((one) => naive(one, next)).join('+');
  const [first, second] = [naive(node.template[0], next), naive(node.template[1], next)];
  return `f(${first}, ${second})`;
};

test('however parts are put together, in whatever order, the text is that of its own parts', () => {
  fc.assert(
    fc.property(tree, (node) => {
      let count = 0;
      const made = build(node);
      expect(made.values).toEqual(leaves(node));
      expect(made.text).toBe(naive(node, () => ++count));
      expect(build(node).text).toBe(made.text);
    }),
    { numRuns: 500 },
  );
});

test('texts of ways beyond those that are remembered are right too', () => {
  for (let i = 0; i < 11_000; i += 1) {
    const made = sql`SELECT ${raw(`column_${i}`)}, ${i}`;
    expect(parts(made)).toEqual({ text: `SELECT column_${i}, $1`, values: [i] });
  }
});
