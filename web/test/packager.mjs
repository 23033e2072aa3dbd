// npm's shaka-packager: a packager that is not ours, as a program. It is fetched once, into test/out.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'

/** That of examples/media. */
export const version = '3.4.2'

const out = join(import.meta.dirname, 'out')

/** The path of the program. */
export function packager() {
  const tools = join(out, `packager-${version}`)
  const binary = join(tools, 'node_modules/shaka-packager/bin', `packager-linux-${arch() === 'arm64' ? 'arm64' : 'x64'}`)
  if (!existsSync(binary)) {
    mkdirSync(out, { recursive: true })
    const made = mkdtempSync(join(out, 'packager-'))
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--silent', '--prefix', made, `shaka-packager@${version}`]
    execFileSync('npm', install, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 120_000 })
    rmSync(tools, { recursive: true, force: true })
    renameSync(made, tools)
    chmodSync(binary, 0o755)
  }
  return binary
}
