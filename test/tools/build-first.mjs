// For `npm run dev`: Node restarts on change, and this builds before each start. Waits on an error until the next change.
import { execSync } from 'node:child_process';

execSync('npm run --silent build', { stdio: 'inherit' });
