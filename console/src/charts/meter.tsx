import classes from './meter.module.css';

/** Shares from 0 to 1; more is drawn as full. */
export interface MeterProps {
  /** What is measured, for who cannot see it. */
  readonly label: string;
  /** The same as `share` and `mark`, in words. */
  readonly text: string;
  /** Undefined when it is not known. */
  readonly share: number | undefined;
  /** Where a tick is drawn: what is requested, say. */
  readonly mark?: number | undefined;
  /** Shares from which it is a warning, and serious. */
  readonly limits?: readonly [warning: number, serious: number];
}

/** A bar that says how much of something is used, and how much of it is promised. */
export function Meter({ label, text, share, mark, limits = [0.8, 0.95] }: MeterProps) {
  const percent = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10;
  const used = share === undefined ? 0 : percent(share);
  const [warning, serious] = limits;
  const tone = share === undefined || share < warning ? 'calm' : share < serious ? 'warning' : 'serious';
  return (
    <div className={classes.meter} role="img" aria-label={`${label}: ${text}`} title={text} data-tone={tone}>
      <div className={classes.fill} style={{ width: `${used}%` }} />
      {mark !== undefined && Number.isFinite(mark) && (
        <div className={classes.mark} style={{ left: `min(${percent(mark)}%, 100% - 2px)` }} />
      )}
    </div>
  );
}
