import vm from 'node:vm';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

type Settings = { projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]['config'] };

const HERE = {} as vm.Context;
const compileFunction = vm.compileFunction;

vm.compileFunction = (code, params, options) =>
  compileFunction(code, params, options?.parsingContext === HERE ? { ...options, parsingContext: undefined } : options);

/** What Jest keeps in globals for a file. */
const OF_A_FILE = /^(JEST_|EVENT_HANDLERS$|RETRY_|WAIT_BEFORE_RETRY$|LOG_ERRORS_BEFORE_RETRY$|TEST_TIMEOUT_SYMBOL$)/;

/**
 * Test files run in the realm of their worker, not each in a context of its own. So they share what was loaded once
 * (runner.ts), and an Error or a Date of a test is one of the product's. What a file does to the environment and to clocks, what it
 * spies on, and what Jest keeps of it, ends with the file.
 */
export default class OneRealm {
  readonly global = globalThis;
  readonly fakeTimers = null;
  readonly fakeTimersModern: ModernFakeTimers;
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly getVmContext = (): vm.Context => HERE;
  readonly exportConditions = (): string[] => ['node', 'node-addons'];
  readonly setup = async (): Promise<void> => undefined;
  private readonly found = { environment: { ...process.env }, console: globalThis.console };
  private readonly replaced = (['exit', 'getBuiltinModule'] as const).map(
    (name) => [name, Object.getOwnPropertyDescriptor(process, name)!] as const,
  );

  constructor({ projectConfig }: Settings) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async teardown(): Promise<void> {
    this.moduleMocker.restoreAllMocks();
    this.fakeTimersModern.dispose();
    const { environment, console } = this.found;
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
    globalThis.console = console;
    for (const [name, descriptor] of this.replaced) Object.defineProperty(process, name, descriptor);
    for (const symbol of Object.getOwnPropertySymbols(globalThis))
      if (OF_A_FILE.test(symbol.description ?? '')) Reflect.deleteProperty(globalThis, symbol);
  }
}
