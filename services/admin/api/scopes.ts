/** What an API key may be for. To change something needs `write`, to see it `read` or `write`. */
export const areas = ['tenants', 'domains', 'accounts', 'aliases', 'keys', 'audit'] as const;
export type Area = (typeof areas)[number];
export type Scope = `${Area}:${'read' | 'write'}`;

/** Nobody writes audit entries. */
export const scopes: readonly Scope[] = areas.flatMap((area): Scope[] =>
  area === 'audit' ? ['audit:read'] : [`${area}:read`, `${area}:write`],
);

export function allows(granted: readonly Scope[], needed: Scope): boolean {
  const [area] = needed.split(':') as [Area];
  return granted.includes(needed) || (needed.endsWith(':read') && granted.includes(`${area}:write`));
}
