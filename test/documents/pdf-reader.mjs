import { parentPort } from 'node:worker_threads';
import { extractText, getDocumentProxy } from 'unpdf';

parentPort.on('message', async ({ id, pdf }) => {
  try {
    const { text } = await extractText(await getDocumentProxy(pdf));
    parentPort.postMessage({ id, text });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) });
  }
});
