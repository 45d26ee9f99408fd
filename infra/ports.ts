export type ServiceName = 'imap' | 'pop3' | 'submission' | 'inbound';

export interface ExposedPort {
  readonly service: ServiceName;
  /** The option of `restante serve` that names the port. */
  readonly option: 'imap' | 'imaps' | 'pop3' | 'pop3s' | 'smtp' | 'submission' | 'submissions';
  /** What the balancer listens on. */
  readonly port: number;
  /** What the task listens on: above 1024, since it is not root. */
  readonly containerPort: number;
}

/** The HTTP port of a task: health checks come here, without a PROXY header. */
export const healthPort = 8080;

/** What decides on the ports. */
interface Offered {
  readonly features: { readonly startTlsPorts: boolean; readonly ownMx: boolean };
}

/** What the world can connect to. */
export function exposedPorts({ features }: Offered): readonly ExposedPort[] {
  return [
    { service: 'imap', option: 'imaps', port: 993, containerPort: 1993 },
    { service: 'pop3', option: 'pop3s', port: 995, containerPort: 1995 },
    { service: 'submission', option: 'submissions', port: 465, containerPort: 1465 },
    ...(features.startTlsPorts
      ? ([
          { service: 'imap', option: 'imap', port: 143, containerPort: 1143 },
          { service: 'pop3', option: 'pop3', port: 110, containerPort: 1110 },
          { service: 'submission', option: 'submission', port: 587, containerPort: 1587 },
        ] as const)
      : []),
    ...(features.ownMx
      ? ([{ service: 'inbound', option: 'smtp', port: 25, containerPort: 1025 }] as const)
      : []),
  ];
}
