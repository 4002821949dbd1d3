/**
 * Makes `crypto.randomUUID` give ids that depend on the process at work alone, so that equal histories have equal ids.
 * Returns what puts the real one back.
 */
export function idsOfProcesses(process: () => string): () => void {
  const counts = new Map<string, number>();
  const next = (): ReturnType<Crypto['randomUUID']> => {
    const name = process();
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const [index = '0', life = '0'] = name.split('.');
    const digits = (text: string, length: number) => Number(text).toString(16).padStart(length, '0');
    return `${digits(index, 8)}-${digits(life, 4)}-4000-8000-${digits(String(count), 12)}`;
  };
  Object.defineProperty(globalThis.crypto, 'randomUUID', { value: next, configurable: true });
  return () => void Reflect.deleteProperty(globalThis.crypto, 'randomUUID');
}
