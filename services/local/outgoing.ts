import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { type Dispatcher, startDispatcher } from '../forwarding/dispatcher.ts';
import { type Forwarding, openForwarding } from '../forwarding/open.ts';
import { systemTimers } from '../maintenance/timers.ts';
import { createSesRelay } from '../submission/ses-relay.ts';
import { createRelay, type Relay } from '../submission/smart-host.ts';
import type { Data } from './assemble.ts';
import type { ServeConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { serverName } from './mail-side.ts';

/** How mail leaves this server. */
export interface Outgoing {
  /** Undefined where there is no smart host. */
  readonly relay: Relay | undefined;
  /** Undefined where accounts' mail goes on to addresses here only. */
  readonly forwarding: Forwarding | undefined;
}

export async function openOutgoing(
  context: CommandContext,
  config: ServeConfig,
  { engine, store }: Pick<Data, 'engine' | 'store'>,
): Promise<Outgoing> {
  const { smartHost, forwardOutside } = config;
  return {
    relay:
      smartHost && 'sesRegion' in smartHost
        ? createSesRelay(await context.sesSender(smartHost.sesRegion))
        : smartHost && createRelay(smartHost, { hostname: serverName(config) }),
    forwarding: forwardOutside ? await openForwarding(engine, store) : undefined,
  };
}

/** Sends what waits to go on, in the process that also does maintenance. Undefined where nothing does. */
export function startForwarding(
  { relay, forwarding }: Outgoing,
  config: ServeConfig,
  { engine, store }: Pick<Data, 'engine' | 'store'>,
  log: Log,
  metrics: Metrics,
): Dispatcher | undefined {
  if (relay === undefined || forwarding === undefined) return undefined;
  const { directory, leases } = store;
  return startDispatcher({
    ...{ ...forwarding, relay, engine, directory, leases, log, metrics },
    hostname: serverName(config),
    timers: systemTimers,
  });
}
