/** Asks until the answer is yes. Whoever waits in vain gives up shortly before jest does, so that nothing goes on asking. */
export async function until(holds: () => unknown, what = String(holds), ms = 55_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
