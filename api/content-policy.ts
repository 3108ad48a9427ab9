import type { Settings } from '../config/index.js';

/**
 * What a browser may load on our pages (Content-Security-Policy): our style sheets and images; our scripts only where `script` says so, our
 * documents in frames only where `frames` does, and a page in a frame of ours only where `framed` does.
 */
export function contentPolicy(
  settings: Pick<Settings, 'oidc' | 'web'>,
  { script = false, frames = false, framed = false } = {},
) {
  return {
    // What helmet would add allows fonts of any site.
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      ...(script ? { scriptSrc: ["'self'"], connectSrc: ["'self'"] } : { scriptSrc: ["'none'"] }),
      formAction: ["'self'", new URL(settings.oidc.issuer).origin],
      ...(frames ? { frameSrc: ["'self'"] } : {}),
      frameAncestors: [framed ? "'self'" : "'none'"],
      baseUri: ["'none'"],
      ...(settings.web.publicUrl.startsWith('https:') ? { upgradeInsecureRequests: [] } : {}),
    },
  };
}

/** The headers of an answer that no hook sees, as helmet sets them on all others. */
export function headersOfItsOwn(settings: Pick<Settings, 'oidc' | 'web'>): Record<string, string> {
  const policy = Object.entries(contentPolicy(settings).directives).map(([name, sources]) =>
    [name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), ...sources].join(' '),
  );
  return {
    'content-security-policy': policy.join(';'),
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}
