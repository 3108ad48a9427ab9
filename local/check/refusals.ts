import ts from 'typescript';

const code = /^[a-z]+(-[a-z]+)+$/;

/** Codes that `requires` of each declared decision can answer, by the decision's name; read from the source of core/<process>/decisions.ts. */
export function refusalsByDecision(source: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  visit(parse(source), (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== 'defineDecision') return;
    const [declaration] = node.arguments;
    if (!declaration || !ts.isObjectLiteralExpression(declaration)) return;
    const name = property(declaration, 'name');
    const requires = property(declaration, 'requires');
    if (name && ts.isStringLiteral(name) && requires) found.set(name.text, answered(requires));
  });
  return found;
}

/** Codes that a source answers with: texts that are returned, alone or in a choice, or handed to `refuse`. */
export const refusalsIn = (source: string): string[] => answered(parse(source));

function answered(root: ts.Node): string[] {
  const codes = new Set<string>();
  visit(root, (node) => {
    if (!ts.isStringLiteral(node)) return;
    const place = placeOf(node);
    if (place === 'refused' || (place === 'returned' && code.test(node.text))) codes.add(node.text);
  });
  return [...codes];
}

/** Whether a text is what a function returns or what it calls `refuse` with, and not compared, imported or handed on. */
function placeOf(node: ts.Node): 'returned' | 'refused' | 'elsewhere' {
  const { parent } = node;
  if (ts.isReturnStatement(parent) || ts.isArrowFunction(parent)) return 'returned';
  if (ts.isConditionalExpression(parent)) return parent.condition === node ? 'elsewhere' : placeOf(parent);
  if (ts.isParenthesizedExpression(parent)) return placeOf(parent);
  if (ts.isBinaryExpression(parent))
    return parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken ? placeOf(parent) : 'elsewhere';
  if (!ts.isCallExpression(parent)) return 'elsewhere';
  const called = parent.expression.getText();
  if (called === 'refuse') return 'refused';
  return called === 'Promise.resolve' ? placeOf(parent) : 'elsewhere';
}

const parse = (source: string): ts.SourceFile => ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);

function visit(node: ts.Node, each: (node: ts.Node) => unknown): void {
  each(node);
  ts.forEachChild(node, (child) => visit(child, each));
}

function property(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((member) => member.name?.getText() === name);
  return found && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}
