import { readFileSync } from 'node:fs';
import path from 'node:path';
import { treatmentOf } from '../src/access/sensitive-value';
import { rowTypes } from '../src/entities';
import { USUAL_RETENTION } from '../src/platform/keeping-settings';
import { NORMAL_FORMS } from '../src/platform/normal-forms';
import { personalProperties } from '../src/platform/personal';

const page = readFileSync(path.resolve(__dirname, '../docs/SENSITIVE.md'), 'utf8');
const table = page
  .split('## What each class needs\n')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const [head, ...rows] = table;
const classes = new Map(
  rows
    .filter(([name]) => name!.startsWith('`'))
    .map((cells) => [
      cells[0]!.replaceAll('`', ''),
      Object.fromEntries(cells.map((cell, index) => [head![index]!, cell])),
    ]),
);

describe('what docs/SENSITIVE.md says of each class', () => {
  it('covers every kind of sensitive value, and says of each class everything that there is to say', () => {
    expect([...classes.keys()]).toEqual(
      expect.arrayContaining([...Object.keys(NORMAL_FORMS), 'secret', 'never', 'trail']),
    );
    expect(head).toEqual([
      'class',
      'what',
      'encryption',
      'integrity',
      'masked',
      'who sees it, and how that is logged',
      'kept, days',
      'erased by',
    ]);
    for (const cells of rows) expect(cells.filter((cell) => cell === '')).toEqual([]);
    for (const kind of Object.keys(NORMAL_FORMS)) expect(treatmentOf(kind)).toBe(kind);
  });

  it('is how long each is kept unless somebody sets it otherwise', () => {
    const kept = Object.keys(USUAL_RETENTION).map((kind) => [kind, Number(classes.get(kind)!['kept, days'])]);
    expect(Object.fromEntries(kept)).toEqual(USUAL_RETENTION);
    expect(Object.keys(USUAL_RETENTION)).toEqual(expect.arrayContaining(Object.keys(NORMAL_FORMS)));
  });

  it('names whatever is personal of a type', () => {
    const personal = rowTypes.filter((type) => personalProperties(type).length > 0);
    expect(personal.toSorted()).toEqual(['Agent', 'Complaint', 'User']);
    for (const [type, named] of [
      ['Complaint', classes.get('complaint')!.what!],
      ['User', classes.get('person')!.what!.split(';')[0]!],
      ['Agent', classes.get('person')!.what!.split(';')[1]!],
    ] as const)
      expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name!).toSorted()).toEqual(
        personalProperties(type).toSorted(),
      );
  });
});
