/**
 * A running sum with Neumaier's compensation (Kahan summation that survives terms larger than the sum), as Prometheus
 * adds up. `sum + compensation` is the result. One instance is reused for many sums, so that adding allocates nothing.
 */
export class KahanSum {
  sum = 0;
  compensation = 0;

  reset(sum = 0): void {
    this.sum = sum;
    this.compensation = 0;
  }

  add(term: number): void {
    const sum = this.sum;
    const total = sum + term;
    if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) this.compensation = 0;
    else if (Math.abs(sum) >= Math.abs(term)) this.compensation += sum - total + term;
    else this.compensation += term - total + sum;
    this.sum = total;
  }

  get total(): number {
    return this.sum + this.compensation;
  }
}
