import { loadOrganisation, readOrganisation, type Organisation } from '../../config/index.js';

/** What the file of an organisation of Kyrgyzstan may hold; `given` replaces fields of it. */
export function kyrgyzContent(given: Record<string, unknown> = {}): Record<string, unknown> {
  const { terms, duty, officeHours } = loadOrganisation('demo');
  const name = { ky: 'Үлгү мекеме', ru: 'Учреждение «Пример»', en: 'Sample agency' };
  return {
    name,
    fictional: true,
    orgCode: 'kg-sample',
    jurisdiction: 'KG',
    timeZone: 'Asia/Bishkek',
    officeHours,
    languages: ['ky', 'ru'],
    acts: {},
    terms,
    authorisedBody: [{ name, email: 'body@sample.example', validFrom: '2020-01-01' }],
    centralOffice: { name, email: 'office@sample.example' },
    branches: [],
    duty,
    ...given,
  };
}

export const kyrgyzOrganisation = (): Organisation => readOrganisation('kyrgyz', kyrgyzContent());
