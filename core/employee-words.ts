import type { Employee } from './directory.js';
import type { Localised } from './letter-template.js';
import type { Language } from './text.js';

export interface EmployeeWords {
  name: string;
  position: string;
  unit: string;
}

type Named = Pick<Employee, 'fullName' | 'fullNameKk' | 'position' | 'positionKk' | 'unitNameKk' | 'unitNameRu'>;

/** What an employee, his position and his unit are called in a language: in Kazakh where the directory has it, else as its main columns say. */
export function employeeWords(employee: Named, language: Language): EmployeeWords {
  const kazakh = language === 'kk';
  return {
    name: (kazakh ? employee.fullNameKk : null) ?? employee.fullName,
    position: (kazakh ? employee.positionKk : null) ?? employee.position,
    unit: kazakh ? employee.unitNameKk : employee.unitNameRu,
  };
}

/** The same of one of them for letters, which are written in several languages at once. */
export function inEachLanguage(employee: Named, which: keyof EmployeeWords): Localised {
  const languages: Language[] = ['kk', 'ru', 'ky', 'en'];
  return Object.fromEntries(languages.map((language) => [language, employeeWords(employee, language)[which]]));
}
