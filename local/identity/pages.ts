import { createHash } from 'node:crypto';

type Language = 'kk' | 'ru' | 'en';

const words = {
  kk: {
    signIn: 'Merzim: кіру',
    login: 'Логин',
    password: 'Құпиясөз',
    submit: 'Кіру',
    wrong: 'Логин немесе құпиясөз дұрыс емес.',
    development: 'Көрсетілім: ойдан шығарылған адамдар.',
    expired: 'Бұл кіру ескірген. Қолданбаға қайта оралып, кіруді қайта бастаңыз.',
    failed: 'Кіру орындалмады. Қолданбаға қайта оралып, кіруді қайта бастаңыз.',
    signOut: 'Merzim: шығу',
    askSignOut: 'Осы браузерден шығасыз ба?',
    yes: 'Шығу',
    no: 'Қалу',
    signedOut: 'Сіз шықтыңыз. Бұл бетті жабуға болады.',
  },
  ru: {
    signIn: 'Merzim: вход',
    login: 'Логин',
    password: 'Пароль',
    submit: 'Войти',
    wrong: 'Неверный логин или пароль.',
    development: 'Демонстрация: лица вымышлены.',
    expired: 'Этот вход устарел. Вернитесь в приложение и начните вход заново.',
    failed: 'Войти не удалось. Вернитесь в приложение и начните вход заново.',
    signOut: 'Merzim: выход',
    askSignOut: 'Выйти в этом браузере?',
    yes: 'Выйти',
    no: 'Остаться',
    signedOut: 'Вы вышли. Эту страницу можно закрыть.',
  },
  en: {
    signIn: 'Merzim: sign in',
    login: 'User name',
    password: 'Password',
    submit: 'Sign in',
    wrong: 'User name or password is wrong.',
    development: 'Demonstration: the persons are fictional.',
    expired: 'This sign-in has expired. Go back to the application and start again.',
    failed: 'Signing in failed. Go back to the application and start again.',
    signOut: 'Merzim: sign out',
    askSignOut: 'Sign out in this browser?',
    yes: 'Sign out',
    no: 'Stay signed in',
    signedOut: 'You are signed out. This page can be closed.',
  },
} as const;

const style =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}' +
  'label{display:block;margin-top:1rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #555;border-radius:.25rem}' +
  'button{font:inherit;margin:1.5rem .5rem 0 0;padding:.5rem 1.5rem;border:1px solid #0b4f8a;border-radius:.25rem;background:#0b4f8a;color:#fff}' +
  ':focus-visible{outline:3px solid #f5a623;outline-offset:2px}.fault{color:#a30000;font-weight:600}';

/** Headers of every page: nothing is loaded from anywhere, nothing is kept. A form may lead on to the pages that asked for the sign-in. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** The language of a page: the first of ours that the caller's list (`ui_locales`, Accept-Language) names; Russian otherwise. */
export function pageLanguage(wanted: string | undefined): Language {
  const tags = (wanted ?? '').split(/[\s,]+/).map((tag) => tag.slice(0, 2).toLowerCase());
  return tags.find((tag): tag is Language => tag in words) ?? 'ru';
}

/** The sign-in: user and password, and nothing about who there is. */
export function signInPage(wanted: string | undefined, action: string, wrong: boolean): string {
  const language = pageLanguage(wanted);
  const text = words[language];
  return page(
    language,
    text.signIn,
    `${wrong ? `<p class="fault" role="alert" id="fault">${text.wrong}</p>` : ''}
<form method="post" action="${escape(action)}">
<label for="login">${text.login}</label>
<input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus${wrong ? ' aria-describedby="fault" aria-invalid="true"' : ''}>
<label for="password">${text.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${wrong ? ' aria-describedby="fault" aria-invalid="true"' : ''}>
<button type="submit">${text.submit}</button>
</form>
<p><small>${text.development}</small></p>`,
  );
}

export function expiredPage(wanted: string | undefined): string {
  const language = pageLanguage(wanted);
  return page(language, words[language].signIn, `<p role="alert">${words[language].expired}</p>`);
}

/** A refused request: its OAuth error code and nothing of what was sent. */
export function errorPage(wanted: string | undefined, code: string): string {
  const language = pageLanguage(wanted);
  return page(
    language,
    words[language].signIn,
    `<p role="alert">${words[language].failed} <code>${escape(code)}</code></p>`,
  );
}

/** Asks before signing out; `form` is the provider's own, already escaped. */
export function signOutPage(wanted: string | undefined, form: string): string {
  const language = pageLanguage(wanted);
  const text = words[language];
  return page(
    language,
    text.signOut,
    `<p>${text.askSignOut}</p>${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>${text.yes}</button>
<button type="submit" form="op.logoutForm">${text.no}</button>`,
  );
}

export function signedOutPage(wanted: string | undefined): string {
  const language = pageLanguage(wanted);
  return page(language, words[language].signOut, `<p>${words[language].signedOut}</p>`);
}

function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
