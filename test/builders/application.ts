/** A complaint as anybody files it, with an address for the receipt. */
export function application(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    triggerKind: 'individualApplication',
    sender: { name: 'Серікбаева Гүлнар Ерланқызы', iin: '850412400121', email: 'gulnar@applicant.example' },
    language: 'kk',
    facts: ['Мекенжайым туралы мәліметтер бөгде адамға берілген.'],
    ...overrides,
  };
}

/** The same of an organisation. */
export function applicationOfOrganisation(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return application({
    triggerKind: 'legalEntityApplication',
    sender: { name: 'ТОО «Пример»', bin: '990440000385', email: 'office@applicant.example' },
    language: 'ru',
    ...overrides,
  });
}
