/** The file name under which the built-in rules appear. */
export const BUILTIN_RULES_FILE = 'builtin.yml';

/** The rules that come with Pharos, as the text of a rule file. They watch what Pharos itself collects. */
export const BUILTIN_RULES = `groups:
  - name: builtin
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 1m
        labels:
          severity: critical
        annotations:
          summary: '{{ $labels.job }} on {{ $labels.instance }} cannot be scraped'
          description: 'Every scrape of {{ $labels.instance }} (job {{ $labels.job }}) has failed for a minute.'
      - alert: HostHighCpu
        expr: 1 - avg by (job, instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: 'The CPUs of {{ $labels.instance }} are {{ $value | humanizePercentage }} busy'
      - alert: HostMemoryLow
        expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: '{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory left'
      - alert: HostDiskFilling
        expr: node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1 and node_filesystem_readonly == 0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: '{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} left'
      - alert: OutboxFilling
        expr: pharos_outbox_bytes / (pharos_outbox_limit_bytes > 0) > 0.5
        for: 5m
        labels:
          severity: critical
        annotations:
          summary: 'The outbox of {{ $labels.instance }} is {{ $value | humanizePercentage }} full'
          description: 'ClickHouse does not take samples as fast as they come. When the outbox is full, samples are refused.'
      - alert: RuleEvaluationFailing
        expr: increase(pharos_rule_evaluation_failures_total[5m]) > 0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: 'Rules of {{ $labels.rule_group }} cannot be evaluated'
`;
