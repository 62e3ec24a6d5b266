/** CPU time of processes, from Linux's /proc. Elsewhere there is none: null. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds of a clock tick: USER_HZ is 100 on all that Node runs on. */
const TICK = 10;

/** Fields of /proc/<pid>/stat behind the name, which may hold blanks: [1] is the parent, [11] to [14] are the times. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return null;
  }
}

/** Milliseconds that a process with all its threads has used. */
export function cpuOf(pid) {
  const stat = statOf(pid);
  return stat && (stat[11] + stat[12]) * TICK;
}

/** The same of a postmaster and its children; those that have ended are in its own figures. */
export function cpuOfPostgres(postmaster) {
  const own = statOf(postmaster);
  if (!own) return null;
  let ticks = own[11] + own[12] + own[13] + own[14];
  for (const pid of readdirSync('/proc')) {
    const stat = /^\d+$/.test(pid) ? statOf(pid) : null;
    if (stat?.[1] === postmaster) ticks += stat[11] + stat[12];
  }
  return ticks * TICK;
}

/** Milliseconds that all CPUs of the machine have had, and were busy (what a hypervisor took away counts as busy). */
export function cpuOfMachine() {
  try {
    const [user, nice, system, idle, wait, ...more] = readFileSync('/proc/stat', 'latin1')
      .split('\n', 1)[0]
      .split(/\s+/)
      .slice(1, 9)
      .map(Number);
    const busy = user + nice + system + more.reduce((sum, ticks) => sum + ticks, 0);
    return { busy: busy * TICK, all: (busy + idle + wait) * TICK };
  } catch {
    return null;
  }
}
