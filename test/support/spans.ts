import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Spans of traces as text: names, attributes, events with their exceptions, and how each ended. */
export class Spans implements SpanExporter {
  private readonly told: string[] = [];

  get text(): string {
    return this.told.join('\n');
  }

  get count(): number {
    return this.told.length;
  }

  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const { name, attributes, events, links, status, resource } of spans)
      this.told.push(JSON.stringify({ name, attributes, events, links, status, resource: resource.attributes }));
    done({ code: 0 });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
