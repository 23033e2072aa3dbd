// Go's own glue, $(go env GOROOT)/lib/wasm/wasm_exec.js, which build.mjs makes a module of.
declare module 'wasm_exec' {
  export class Go {
    importObject: WebAssembly.Imports
    exited: boolean
    exit: (code: number) => void
    run(instance: WebAssembly.Instance): Promise<void>
    _resume(): void
    _scheduledTimeouts: Map<number, ReturnType<typeof setTimeout>>
    _inst: unknown
    _values: unknown
    _goRefCounts: unknown
    _ids: unknown
    _idPool: unknown
    mem: unknown
  }

  /** What Go programs look up on the global object while they start. */
  export const globals: Record<'fs' | 'process' | 'path', object>
}
