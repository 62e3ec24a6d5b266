/** Asks until the answer is yes. Whoever waits in vain gives up shortly before jest does, so that nothing goes on asking. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 55_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came to be: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
