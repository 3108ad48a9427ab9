/** The faults that a simulator was told of and that wait for their turn. Each is used up `times` times. */
export class WaitingFaults<F extends { times: number }> {
  private waiting: F[] = [];

  add(fault: F): void {
    this.waiting.push(fault);
  }

  clear(): void {
    this.waiting = [];
  }

  list(): F[] {
    return [...this.waiting];
  }

  /** Uses up one turn of the first fault that strikes. */
  protected useFirst(strikes: (fault: F) => boolean): F | null {
    const fault = this.waiting.find(strikes);
    return fault ? this.useUp(fault) : null;
  }

  /** Uses up one turn of each fault that strikes. */
  protected useAll(strikes: (fault: F) => boolean): F[] {
    return this.waiting.filter(strikes).map((fault) => this.useUp(fault));
  }

  private useUp(fault: F): F {
    fault.times -= 1;
    this.waiting = this.waiting.filter(({ times }) => times > 0);
    return fault;
  }
}
