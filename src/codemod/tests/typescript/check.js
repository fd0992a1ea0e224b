// What TypeScript itself says about files, as JSON on standard output.
//
//     node check.js TYPESCRIPT parse FILE…      [{ file, line, message }] of what it cannot parse
//     node check.js TYPESCRIPT types FILE…      the same of what its type check finds

"use strict";
const [typescript, mode, ...files] = process.argv.slice(2);
const ts = require(typescript);

function shown(diagnostic) {
  const { file, start, code, messageText } = diagnostic;
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return { file: file ? file.fileName : "", line, code, message: ts.flattenDiagnosticMessageText(messageText, " ") };
}

function parsed(file) {
  const text = ts.sys.readFile(file);
  // The kind of a script follows from its name. The parser of JavaScript lets types pass, as the checker reports them.
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).parseDiagnostics;
}

function checked() {
  const options = {
    allowImportingTsExtensions: true,
    jsx: ts.JsxEmit.Preserve,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
    skipDefaultLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ESNext,
    types: [],
  };
  return ts.getPreEmitDiagnostics(ts.createProgram(files, options));
}

const diagnostics = mode === "parse" ? files.flatMap(parsed) : checked();
console.log(JSON.stringify(diagnostics.map(shown)));
