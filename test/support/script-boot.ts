/** Runs the Command tab's script as a person would who copied it: in a shell, with its console on the terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Boots by the script, types a sum and a power-off. @returns how the shell ended, and all that was printed. */
export async function bootByScript(script: string): Promise<{ code: number; output: string }> {
  const child = spawn('sh', ['-c', script], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const prompted = output.includes('/ # ');
    output += text;
    if (!prompted && output.includes('/ # ')) {
      child.stdin.write('echo script-$((40+2)); poweroff -f\r');
    }
  });
  const [code] = (await once(child, 'exit')) as [number];
  return { code, output };
}
