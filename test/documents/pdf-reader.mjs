import { parentPort } from 'node:worker_threads';
import { extractText, getDocumentProxy } from 'unpdf';

const read = async (id, pdf) => {
  try {
    return { id, text: (await extractText(await getDocumentProxy(pdf))).text };
  } catch (error) {
    return { id, error: String(error) };
  }
};

parentPort.on('message', async ({ id, pdf }) => {
  const answer = await read(id, pdf);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort.postMessage(answer);
});
