import type { Kpis } from './kpi.rules';
import type { Performance } from './performance';
import { ACCENT, FAINT, INK, PAGE, RULE, Sheet, WIDE } from './sheet';
import { grouped, periodInWords } from './wording';

const SMALL = { size: 7.5, colour: FAINT } as const;

const COLUMNS: { name: string; value: (of: Kpis) => string }[] = [
  { name: 'Offered', value: ({ offered }) => grouped(String(offered)) },
  { name: 'Handled', value: ({ handled }) => grouped(String(handled)) },
  { name: 'Abandoned', value: ({ abandonedShare }) => told(abandonedShare, ' %') },
  { name: 'Answer', value: ({ averageSpeedOfAnswer }) => told(averageSpeedOfAnswer, ' s') },
  { name: 'Service level', value: ({ serviceLevel }) => told(serviceLevel, ' %') },
  { name: 'Handling', value: ({ averageHandlingTime }) => told(averageHandlingTime, ' s') },
  { name: 'Resolved', value: ({ resolvedShare }) => told(resolvedShare, ' %') },
];

const told = (value: string | null, unit: string): string => (value === null ? '–' : `${grouped(value)}${unit}`);

const NAME = 128;
const COLUMN = (WIDE - NAME) / COLUMNS.length;

/** How an account's calls went, as PDF: figures by line of business, and the same as bars. To the byte the same for the same figures. */
export async function performancePdf(performance: Performance): Promise<Buffer> {
  const { accountName, period, lobs, all, serviceLevelSeconds } = performance;
  const asOf = new Date(`${period.until}T00:00:00Z`);
  const sheet = await Sheet.open({ title: 'Performance', author: accountName, asOf });
  sheet.figure('Performance', PAGE.left + WIDE * 0.6, sheet.y - 3, WIDE * 0.4, { size: 18, weight: 'bold' });
  const style = { size: 13, weight: 'bold', colour: ACCENT, align: 'left' } as const;
  sheet.y += Math.max(26, sheet.text(accountName, PAGE.left, sheet.y, WIDE * 0.56, style));
  sheet.y += sheet.text(periodInWords(period), PAGE.left, sheet.y, WIDE, { colour: FAINT }) + 18;
  heads(sheet);
  for (const lob of lobs) row(sheet, lob.name, lob);
  row(sheet, 'All', all, true);
  sheet.y += 6;
  sheet.y += sheet.text(
    `Answer: what callers waited whose calls were handled, on average. Service level: share of the calls offered that were taken within ${serviceLevelSeconds} s. ` +
      'Handling: talk of a call that was handled, on average. Resolved: share of the handled calls of which it is known.',
    PAGE.left,
    sheet.y,
    WIDE,
    SMALL,
  );
  sheet.y += 18;
  const figures = [...lobs, { name: 'All', ...all }];
  chart(sheet, 'Calls offered', figures, ({ offered }) => String(offered), '');
  chart(
    sheet,
    `Service level: answered within ${serviceLevelSeconds} s`,
    figures,
    ({ serviceLevel }) => serviceLevel,
    ' %',
    100,
  );
  chart(sheet, 'Average speed of answer', figures, ({ averageSpeedOfAnswer }) => averageSpeedOfAnswer, ' s');
  chart(sheet, 'Average handling time', figures, ({ averageHandlingTime }) => averageHandlingTime, ' s');
  chart(sheet, 'Resolved', figures, ({ resolvedShare }) => resolvedShare, ' %', 100);
  return sheet.finish((page, pages) => {
    const y = PAGE.bottom + 10;
    sheet.rule(y - 4, { colour: RULE });
    sheet.figure(`Page ${page} of ${pages}`, PAGE.right - 80, y, 80, SMALL);
  });
}

function heads(sheet: Sheet): void {
  const style = { size: 7.5, weight: 'bold', colour: FAINT } as const;
  sheet.text('Line of business', PAGE.left, sheet.y, NAME, style);
  COLUMNS.forEach(({ name }, index) =>
    sheet.figure(name, PAGE.left + NAME + index * COLUMN, sheet.y, COLUMN - 4, style),
  );
  sheet.y += 13;
  sheet.rule(sheet.y, { colour: INK, width: 0.9 });
  sheet.y += 5;
}

function row(sheet: Sheet, name: string, figures: Kpis, strong = false): void {
  const style = strong ? ({ weight: 'bold' } as const) : {};
  const lines = sheet.lines(name, NAME - 8, style);
  const height = sheet.heightOf(lines);
  if (!sheet.hasRoom(height + 8)) {
    sheet.addPage();
    heads(sheet);
  }
  sheet.draw(lines, PAGE.left, sheet.y, NAME - 8, { ...style, align: 'left' });
  COLUMNS.forEach(({ value }, index) =>
    sheet.figure(value(figures), PAGE.left + NAME + index * COLUMN, sheet.y, COLUMN - 4, style),
  );
  sheet.y += height + 4;
  sheet.rule(sheet.y);
  sheet.y += 4;
}

const BAR = 11;

/** Bars from zero, as long as their values: to `full` where there is such a thing, else to the longest. */
function chart(
  sheet: Sheet,
  title: string,
  figures: readonly (Kpis & { name: string })[],
  value: (of: Kpis) => string | null,
  unit: string,
  full = Math.max(0, ...figures.map((each) => Number(value(each) ?? 0))),
): void {
  const width = WIDE - NAME - 64;
  const begin = (words: string) => {
    if (!sheet.hasRoom(16 + 2 * (BAR + 5))) sheet.addPage();
    sheet.y += sheet.text(words, PAGE.left, sheet.y, WIDE, { size: 9.5, weight: 'bold' }) + 3;
  };
  // A chart of some bars stands whole on a page; a longer one goes on.
  const height = 16 + figures.length * (BAR + 5);
  if (!sheet.hasRoom(height) && height < PAGE.bottom - PAGE.top) sheet.addPage();
  begin(title);
  for (const [index, each] of figures.entries()) {
    if (!sheet.hasRoom(BAR + 5)) {
      sheet.addPage();
      begin(`${title}, continued`);
    }
    const known = value(each);
    const [name] = sheet.lines(each.name, Infinity, { size: 8 });
    sheet.figure(each.name, PAGE.left, sheet.y, Math.min(NAME - 8, name!.width), { size: 8 });
    const length = full > 0 ? (width * Math.min(full, Number(known ?? 0))) / full : 0;
    sheet.box(PAGE.left + NAME, sheet.y, width, BAR, '#eef1f4');
    if (length > 0)
      sheet.box(PAGE.left + NAME, sheet.y, length, BAR, index === figures.length - 1 ? ACCENT : '#6d9dc5');
    sheet.figure(told(known, unit), PAGE.right - 60, sheet.y, 60, { size: 8 });
    sheet.y += BAR + 5;
  }
  sheet.y += 10;
}
