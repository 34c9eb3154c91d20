import { type INestApplication, Injectable, type Type } from '@nestjs/common';
import { schemasOf } from '../../http/openapi.js';
import { type Problem, PROBLEMS } from '../../http/problem.js';
import { toProblem } from '../../http/problem.filter.js';
import { checkFields } from '../../http/text-rules.js';
import { createValidationPipe } from '../../http/validation.js';
import { AideTools } from './aide-tools.js';
import { jsonSchemaOf } from './input-schema.js';
import { MessageTools } from './message-tools.js';
import { TaskTools } from './task-tools.js';
import { type Tool, type ToolContext, type ToolDefinition, ToolError } from './tool.js';

/** The tools, defined once: for the chat's model, and for whoever else calls them. */
@Injectable()
export class Tools {
  private readonly tools: readonly Tool[];
  private readonly validation = createValidationPipe();
  private described: readonly ToolDefinition[] = [];

  constructor(tasks: TaskTools, messages: MessageTools, aides: AideTools) {
    this.tools = [...tasks.tools, ...messages.tools, ...aides.tools];
  }

  get definitions(): readonly ToolDefinition[] {
    return this.described;
  }

  /** Makes the definitions: the schemas of the inputs come from the DTOs, as those of the API document do. */
  describe(app: INestApplication): void {
    const schemas = schemasOf(
      app,
      this.tools.map(({ input }) => input),
    );
    this.described = this.tools.map(({ name, description, readOnly, destructive, input }) => ({
      name,
      description,
      inputSchema: jsonSchemaOf(schemas, schemas[input.name] as object),
      readOnly,
      destructive,
    }));
  }

  /**
   * Validates the input and has the effect, as the owner, in whose context it is to be called.
   * @throws ToolError for what whoever calls can mend; anything else is the service's own failure, and not to be shown
   */
  async call(context: ToolContext, name: string, input: unknown): Promise<unknown> {
    const tool = this.tools.find((one) => one.name === name);
    if (!tool) throw new ToolError('There is no tool of this name.');
    try {
      return await tool.run(context, await this.checked(tool.input, input));
    } catch (error) {
      throw mendable(error);
    }
  }

  private async checked(metatype: Type<object>, input: unknown): Promise<object> {
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      throw new ToolError('The input must be a JSON object.');
    checkFields(input);
    return (await this.validation.transform(input, { type: 'body', metatype })) as object;
  }
}

/** An error that REST would answer by 4xx is the caller's. */
function mendable(error: unknown): unknown {
  if (error instanceof ToolError) return error;
  const problem = toProblem(error);
  return problem.status < 500 ? new ToolError(messageOf(problem)) : error;
}

function messageOf({ code, detail, errors }: Problem): string {
  const title = PROBLEMS[code][1];
  if (!errors) return detail ?? `${title}.`;
  return `${title}: ${errors.map(({ pointer, detail: what }) => `${pointer} ${what}`.trim()).join('; ')}.`;
}
