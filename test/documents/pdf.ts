import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** Reads PDFs in a thread of its own: the reader is an ES module, which tests cannot load. */
export class PdfReader {
  private readonly worker = new Worker(path.join(__dirname, 'pdf-reader.mjs'));
  private asked = 0;

  /** What a reader gets out of a PDF, page by page. */
  pagesOf(pdf: Buffer): Promise<string[]> {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      const hear = (answer: { id: number; text?: string[]; error?: string }) => {
        if (answer.id !== id) return;
        this.worker.off('message', hear);
        if (answer.text) resolve(answer.text);
        else reject(new Error(answer.error));
      };
      this.worker.on('message', hear);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
      this.worker.postMessage({ id, pdf: new Uint8Array(pdf) });
    });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Texts that stand beside glyphs which do not say them. */
export const besides = (content: string): string[] =>
  [...content.matchAll(/\/ActualText <([0-9a-f]+)>/g)].map(([, hex]) =>
    Buffer.from(hex!, 'hex').swap16().toString('utf16le').replace('\ufeff', ''),
  );
