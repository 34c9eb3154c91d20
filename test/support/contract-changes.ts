import type { Document, Operation, Parameter, Schema } from '../../scripts/contract/document.ts';

const operation = (d: Document, name: string): Operation => {
  const [method, path] = name.split(' ');
  return d.paths[path!]![method!]!;
};
const parameter = (d: Document, name: string, one: string): Parameter =>
  operation(d, name).parameters!.find((parameter) => parameter.name === one)!;
const add = (d: Document, name: string, one: Parameter) => operation(d, name).parameters!.push(one);
export const schema = (d: Document, name: string): Schema => d.components.schemas[name]!;
const field = (d: Document, name: string): Schema => {
  const [of, property] = name.split('.');
  return schema(d, of!).properties![property!]!;
};
const json = (d: Document, name: string, status: string) =>
  operation(d, name).responses[status]!.content!['application/json']!;
const without = <T>(list: T[], one: T) => list.filter((other) => other !== one);

/** What breaks a client, and what has to be said of it. */
export const BREAKING: [string, RegExp, (d: Document) => void][] = [
  ['a path goes', /^GET \/v1\/audit-log removed$/, (d) => delete d.paths['/v1/audit-log']],
  [
    'an operation goes',
    /^DELETE \/v1\/tasks\/\{id\} removed$/,
    (d) => delete d.paths['/v1/tasks/{id}']!.delete,
  ],
  [
    'an operation is renamed',
    /operationId/,
    (d) => (operation(d, 'get /v1/tasks').operationId = 'Tasks_all'),
  ],
  [
    'a public route needs a token',
    /security/,
    (d) => (operation(d, 'get /livez').security = [{ bearer: [] }]),
  ],
  [
    'another kind of token',
    /security bearer/,
    (d) => (d.components.securitySchemes.bearer = { type: 'apiKey' }),
  ],
  ['a success goes', /201: removed/, (d) => delete operation(d, 'post /v1/tasks').responses['201']],
  ['another success', /202: a new/, (d) => (operation(d, 'post /v1/tasks').responses['202'] = {})],
  ['304 goes', /304: removed/, (d) => delete operation(d, 'get /v1/tasks/{id}').responses['304']],
  [
    'an answer is no JSON any more',
    /json: removed/,
    (d) => (operation(d, 'get /v1/me').responses['200']!.content = {}),
  ],
  [
    'a header of an answer goes',
    /200 Link: removed/,
    (d) => delete operation(d, 'get /v1/tasks').responses['200']!.headers!.Link,
  ],
  [
    'an answer is something else',
    /type array and object/,
    (d) => (json(d, 'get /v1/tasks', '200').schema = { type: 'array' }),
  ],
  [
    'a property of an answer goes',
    /200\.dueDate: removed/,
    (d) => delete schema(d, 'Task').properties!.dueDate,
  ],
  ['one that came by request goes', /200\.state: removed/, (d) => delete schema(d, 'Aide').properties!.state],
  [
    'a property of an answer is not always there',
    /200\.title: required/,
    (d) => (schema(d, 'Task').required = without(schema(d, 'Task').required!, 'title')),
  ],
  [
    'a property of an answer may be null',
    /200\.title: null/,
    (d) => (field(d, 'Task.title').nullable = true),
  ],
  [
    'a property of an answer has another type',
    /200\.seq: type string/,
    (d) => (field(d, 'Message.seq').type = 'string'),
  ],
  ['whole numbers become any', /200\.seq: type number/, (d) => (field(d, 'Message.seq').type = 'number')],
  ['an answer has a value more', /200\.status: enum lost/, (d) => field(d, 'Aide.status').enum!.push('lost')],
  ['a value list of answers opens', /200\.status: enum/, (d) => delete field(d, 'Aide.status').enum],
  [
    'times have another format',
    /200\.createdAt: format/,
    (d) => (field(d, 'Task.createdAt').format = 'date'),
  ],
  [
    'rows of pages lose a property',
    /200\.data\[\]\.role: removed/,
    (d) => delete schema(d, 'Message').properties!.role,
  ],
  ['errors lose their code', /4\d\d\.code: removed/, (d) => delete schema(d, 'Problem').properties!.code],
  [
    'an answer that operations share loses a header',
    /429 Retry-After: removed/,
    (d) => delete d.components.responses!.RateLimited!.headers!['Retry-After'],
  ],
  [
    'an optional field becomes required',
    /body\.state: required/,
    (d) => schema(d, 'CreateAide').required!.push('state'),
  ],
  [
    'a new field is required',
    /body\.mood: required/,
    (d) => {
      schema(d, 'CreateAide').properties!.mood = { type: 'string' };
      schema(d, 'CreateAide').required!.push('mood');
    },
  ],
  [
    'a field is not taken any more',
    /body\.priority: removed/,
    (d) => delete schema(d, 'CreateTask').properties!.priority,
  ],
  [
    'a field within a field is not taken',
    /body\.toolCalls\[\]\.parameters: removed/,
    (d) => delete schema(d, 'CreateToolCall').properties!.parameters,
  ],
  [
    'null is not taken any more',
    /body\.dueDate: null/,
    (d) => delete field(d, 'CreateTask.dueDate').nullable,
  ],
  [
    'a text may be less long',
    /body\.title: maxLength/,
    (d) => (field(d, 'CreateTask.title').maxLength = 100),
  ],
  [
    'a text must be longer',
    /body\.description: minLength/,
    (d) => (field(d, 'CreateTask.description').minLength = 1),
  ],
  [
    'a number may be less',
    /body\.durationMs: maximum/,
    (d) => (field(d, 'FinishToolCall.durationMs').maximum = 10),
  ],
  ['fewer at once', /body\.messages: maxItems/, (d) => (field(d, 'CreateMessages.messages').maxItems = 50)],
  [
    'a limit where there was none',
    /body\.parameters: other properties/,
    (d) => delete field(d, 'CreateToolCall.parameters').additionalProperties,
  ],
  [
    'a pattern where there was none',
    /body\.title: pattern/,
    (d) => (field(d, 'CreateTask.title').pattern = '^x'),
  ],
  ['another pattern', /body\.slug: pattern/, (d) => (field(d, 'PublishAide.slug').pattern = '^[a-z]+$')],
  [
    'a format where there was none',
    /body\.title: format/,
    (d) => (field(d, 'CreateTask.title').format = 'uri'),
  ],
  [
    'a value is not taken any more',
    /body\.priority: enum high/,
    (d) => (field(d, 'CreateTask.priority').enum = ['low', 'medium']),
  ],
  [
    'a kind of JSON is not taken any more',
    /body\.result: array/,
    (d) =>
      (field(d, 'FinishToolCall.result').oneOf = field(d, 'FinishToolCall.result').oneOf!.filter(
        ({ type }) => type !== 'array',
      )),
  ],
  [
    'the body is not taken any more',
    /body application\/json: removed/,
    (d) => delete operation(d, 'post /v1/tasks').requestBody,
  ],
  [
    'a body is needed',
    /body: required/,
    (d) => (operation(d, 'post /v1/tasks/{id}/complete').requestBody = { required: true, content: {} }),
  ],
  [
    'a parameter goes',
    /query sort: removed/,
    (d) =>
      (operation(d, 'get /v1/tasks').parameters = without(
        operation(d, 'get /v1/tasks').parameters!,
        parameter(d, 'get /v1/tasks', 'sort'),
      )),
  ],
  [
    'a header is not read any more',
    /header if-match: removed/,
    (d) =>
      (operation(d, 'patch /v1/tasks/{id}').parameters = without(
        operation(d, 'patch /v1/tasks/{id}').parameters!,
        parameter(d, 'patch /v1/tasks/{id}', 'If-Match'),
      )),
  ],
  [
    'a parameter becomes required',
    /query priority: required/,
    (d) => (parameter(d, 'get /v1/tasks', 'priority').required = true),
  ],
  [
    'a new parameter is required',
    /query area: required/,
    (d) => add(d, 'get /v1/tasks', { name: 'area', in: 'query', required: true }),
  ],
  [
    'a new header is required',
    /header x-area: required/,
    (d) => add(d, 'post /v1/tasks', { name: 'X-Area', in: 'header', required: true }),
  ],
  [
    'a parameter takes less',
    /query limit: maximum/,
    (d) => (parameter(d, 'get /v1/tasks', 'limit').schema!.maximum = 50),
  ],
  [
    'a parameter lacks a value',
    /query sort: enum dueDate/,
    (d) => (parameter(d, 'get /v1/tasks', 'sort').schema!.enum = ['createdAt', 'priority']),
  ],
  [
    'a parameter has another type',
    /query total: type/,
    (d) => (parameter(d, 'get /v1/tasks', 'total').schema!.type = 'integer'),
  ],
  [
    'a default is another',
    /query limit: default/,
    (d) => (parameter(d, 'get /v1/tasks', 'limit').schema!.default = 20),
  ],
];

/** What breaks nobody. */
export const ADDITIVE: [string, (d: Document) => void][] = [
  ['nothing changes', () => undefined],
  ['a new path', (d) => (d.paths['/v1/notes'] = { get: { responses: {} } })],
  ['a new operation', (d) => (d.paths['/v1/me']!.patch = { responses: {} })],
  ['a new error', (d) => (operation(d, 'get /v1/me').responses['418'] = {})],
  ['a new code of errors', (d) => field(d, 'Problem.code').enum!.push('too_early')],
  ['an error goes', (d) => delete operation(d, 'get /v1/me').responses['503']],
  [
    'a new header of an answer',
    (d) => Object.assign((operation(d, 'get /v1/me').responses['200']!.headers ??= {}), { ETag: {} }),
  ],
  ['an answer to conditional requests', (d) => (operation(d, 'get /v1/me').responses['304'] = {})],
  ['a route needs no token any more', (d) => (operation(d, 'get /v1/me').security = [])],
  ['another way in beside the one', (d) => operation(d, 'get /v1/me').security!.push({ key: [] })],
  ['a new property of answers', (d) => (schema(d, 'Task').properties!.area = { type: 'string' })],
  ['a property of answers is always there', (d) => schema(d, 'Aide').required!.push('state')],
  ['a property of answers is never null', (d) => delete field(d, 'Task.dueDate').nullable],
  ['answers have a value less', (d) => field(d, 'Aide.status').enum!.pop()],
  ['a new optional field', (d) => (schema(d, 'CreateTask').properties!.area = { type: 'string' })],
  ['a field is not required any more', (d) => (schema(d, 'CreateTask').required = [])],
  ['null is taken', (d) => (field(d, 'CreateTask.priority').nullable = true)],
  ['a text may be longer', (d) => (field(d, 'CreateTask.title').maxLength = 500)],
  ['a limit goes', (d) => delete field(d, 'CreateTask.title').maxLength],
  ['a value more is taken', (d) => field(d, 'CreateTask.priority').enum!.push('urgent')],
  ['a pattern goes', (d) => delete field(d, 'PublishAide.slug').pattern],
  ['numbers need not be whole', (d) => (field(d, 'FinishToolCall.durationMs').type = 'number')],
  ['a new optional parameter', (d) => add(d, 'get /v1/tasks', { name: 'area', in: 'query' })],
  [
    'a parameter is not required any more',
    (d) => (parameter(d, 'get /v1/conversations/latest', 'aideId').required = false),
  ],
  ['an optional body', (d) => (operation(d, 'post /v1/tasks/{id}/complete').requestBody = { content: {} })],
  [
    'another content type of bodies',
    (d) => (operation(d, 'post /v1/tasks').requestBody!.content['text/csv'] = {}),
  ],
];
