import type { Settings } from '../config/index.js';

/** What a browser may load on our pages (Content-Security-Policy): our style sheets and images; our scripts only where `script` says so. */
export function contentPolicy(settings: Pick<Settings, 'oidc' | 'web'>, { script = false } = {}) {
  return {
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      ...(script ? { scriptSrc: ["'self'"], connectSrc: ["'self'"] } : { scriptSrc: ["'none'"] }),
      formAction: ["'self'", new URL(settings.oidc.issuer).origin],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
      upgradeInsecureRequests: settings.web.publicUrl.startsWith('https:') ? [] : null,
    },
  };
}
