import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { ExportedFile } from './export-manifest';

const NEWLINE = 0x0a;

/** A file of an export while it is written, and what the manifest will say of it. */
export class ExportFile {
  private readonly digest = createHash('sha256');
  /** Bytes that it has so far. */
  bytes = 0;
  private lines = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(folder: string, name: string): Promise<ExportFile> {
    return new ExportFile(await open(path.join(folder, name), 'wx', 0o600));
  }

  async write(content: Buffer | string): Promise<void> {
    const bytes = Buffer.from(content);
    this.digest.update(bytes);
    this.bytes += bytes.length;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) this.lines += 1;
    await this.file.appendFile(bytes);
  }

  /** Waits until it is on the disk. */
  async finish(): Promise<ExportedFile> {
    await this.file.datasync();
    await this.close();
    return { sha256: this.digest.digest('hex'), bytes: this.bytes, lines: this.lines };
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
