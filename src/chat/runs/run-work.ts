import type { UIMessageChunk } from 'ai';
import type { OwnerId } from '../../auth/owner-id.js';
import type { NewMessage } from '../../messages/message.dto.js';
import { MAX_CONTENT } from '../../messages/message.entity.js';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import { GO_ON } from '../model/go-on.js';
import { instructionsFor } from '../model/instructions.js';
import type { StepRequest, StepResult } from '../model/model.js';
import { ModelError } from '../model/model-error.js';
import { estimateTokens } from '../model/usage.js';
import { outputOf } from './outputs.js';
import type { RunEnd } from './run-end.service.js';
import type { RunServices } from './run-services.js';
import type { HeldRun, Progress } from './write-statement.js';
import type { RunWriter } from './run-writer.js';
import { closing, Continued, nothingUnfinished, type Unfinished, unfinishedOf } from './unfinished.js';

const MAX_STEPS = 8;
/** A run that ends whoever does it is not done for ever. */
const MAX_ATTEMPTS = 25;

/** Does one run, from wherever it is, to its end or its wait for the owner. */
export class RunWork {
  /** What the model has said in the step that goes on. */
  private text = '';
  private continued = new Continued(undefined);

  constructor(
    private readonly services: RunServices,
    private readonly ends: RunEnd,
    private readonly owner: OwnerId,
    private readonly run: HeldRun,
    private readonly writer: RunWriter,
  ) {}

  /** @throws ModelError, LeaseLost, StopRequested, Released, RowNotFound where the conversation is gone */
  async goOn(): Promise<void> {
    const { run, writer } = this;
    let unfinished = unfinishedOf(await this.services.store.chunks(this.owner, run.id, run.stepSeq));
    this.text = unfinished.text;
    this.continued = new Continued(unfinished.openText);
    if (run.chunkCount === 0) writer.add({ type: 'start', messageId: run.answerId });
    writer.add(...closing(unfinished));
    await writer.flush();
    if (run.attempt > MAX_ATTEMPTS) throw new ModelError('interrupted');
    for (;;) {
      if (!unfinished.begun && (await this.callTools(unfinished))) return;
      if (run.steps >= MAX_STEPS) return this.finish({}, 'length');
      if (await this.step(unfinished)) return;
      unfinished = nothingUnfinished();
    }
  }

  /** Ends it with what was said so far, and without the calls that were not performed. */
  async breakOff(progress: Progress & { status: 'stopped' | 'failed' }, last: UIMessageChunk): Promise<void> {
    const { owner, run, text, writer, ends } = this;
    const pending = await ends.pendingCalls(owner, run);
    writer.add(...this.continued.close());
    writer.add(...pending.map(({ id }): UIMessageChunk => ({ type: 'tool-output-denied', toolCallId: id })));
    writer.add(last);
    const tokens = estimateTokens(text);
    await writer.commit(
      { ...progress, tokens },
      {
        before: async () => {
          await ends.lock(owner, run.conversationId, { user: pending.length > 0 });
          if (text) await ends.keep(owner, run, this.message(text, tokens));
          await ends.deny(owner, pending, 'The turn was ended before.');
        },
        after: () => ends.pass(owner, run),
      },
    );
  }

  /** Calls of the last step, and those that a decision has let through. @returns whether others wait for a decision */
  private async callTools({ answered }: Unfinished): Promise<boolean> {
    const { owner, run, writer, services } = this;
    const decided = run.steps === 0;
    if (decided && run.trigger !== 'approval') return false;
    const { answer } = await services.history.of(owner, run);
    const aide = await this.aide();
    const asks: ToolCall[] = [];
    for (const call of answer?.calls ?? []) {
      if (answered.has(call.id) || (decided && call.finishedAt !== null && call.finishedAt < run.createdAt))
        continue;
      if (!decided && call.status === 'pending' && this.asksFirst(call, aide?.toolApproval)) {
        asks.push(call);
        continue;
      }
      const { id, toolName, parameters: input } = call;
      if (decided) writer.add({ type: 'tool-input-available', toolCallId: id, toolName, input });
      await writer.flush();
      const context = { owner, conversationId: run.conversationId, aideId: aide?.id ?? null };
      writer.add(outputOf(await writer.persist(() => services.toolRuns.perform(context, id))));
    }
    if (asks.length === 0) return false;
    for (const { id } of asks) writer.add({ type: 'tool-approval-request', approvalId: id, toolCallId: id });
    writer.add({ type: 'finish-step' }, { type: 'finish', finishReason: 'tool-calls' });
    await writer.commit({ status: 'waiting' }, { after: () => services.usage.settle(owner, run.id) });
    return true;
  }

  private asksFirst({ toolName }: ToolCall, approval: string | undefined): boolean {
    const tool = this.services.tools.definitions.find(({ name }) => name === toolName);
    return approval === 'destructive' && tool?.destructive === true;
  }

  /** One step of the model. @returns whether it was the last one */
  private async step({ begun }: Unfinished): Promise<boolean> {
    const { owner, run, writer, services, ends } = this;
    const request = await this.request();
    if (!begun && run.steps > 0) writer.add({ type: 'finish-step' });
    if (!begun) writer.add({ type: 'start-step' });
    await writer.flush(); // who has lost the lease asks no model
    const kept = this.text;
    const { calls, usage, finishReason, ...result } = await this.answerOf(request);
    const text = [...(kept + result.text)].slice(0, MAX_CONTENT).join('');
    const progress = { step: true, tokens: usage.inputTokens + usage.outputTokens };
    const message = this.message(text, usage.outputTokens);
    if (calls.length === 0) {
      await this.finish(progress, finishReason, message);
      return true;
    }
    message.toolCalls = calls.map(({ id, toolName, input }) => ({ id, toolName, parameters: input }));
    const wrong = calls.filter(({ error }) => error !== undefined);
    await writer.commit(progress, {
      before: async () => {
        await ends.lock(owner, run.conversationId, { user: wrong.length > 0 });
        await ends.append(owner, run, message);
        for (const { id, error } of wrong)
          await services.calls.finish(owner, id, { status: 'error', result: { error } });
      },
    });
    this.text = '';
    this.continued = new Continued(undefined);
    return false;
  }

  private async answerOf(request: StepRequest): Promise<StepResult> {
    const answer = this.services.model.step(request);
    for (;;) {
      const next = await answer.next();
      if (next.done) {
        this.writer.add(...this.continued.close());
        return next.value;
      }
      if (next.value.type === 'text-delta') this.text += next.value.delta;
      this.writer.add(...this.continued.take(next.value));
    }
  }

  private async finish(
    progress: Progress,
    finishReason: StepResult['finishReason'],
    message?: NewMessage,
  ): Promise<void> {
    const { owner, run, writer, ends } = this;
    writer.add({ type: 'finish-step' }, { type: 'finish', finishReason });
    await writer.commit(
      { ...progress, status: 'finished' },
      {
        before: async () => {
          await ends.lock(owner, run.conversationId, { user: false });
          if (message) await ends.keep(owner, run, message);
        },
        after: () => ends.pass(owner, run),
      },
    );
  }

  private async request(): Promise<StepRequest> {
    const { system, messages } = await this.services.history.of(this.owner, this.run);
    const aide = await this.aide();
    const instructions = [instructionsFor({ now: new Date(), aideTitle: aide?.title }), ...system].join(
      '\n\n',
    );
    const goesOn = this.text !== '';
    if (goesOn) messages.push({ role: 'assistant', content: this.text }, { role: 'user', content: GO_ON });
    const tools = this.services.tools.definitions;
    return { instructions, messages, tools, goesOn, signal: this.writer.signal };
  }

  private async aide() {
    const { aideId } = await this.services.conversations.get(this.owner, this.run.conversationId);
    return aideId === null ? undefined : this.services.aides.get(this.owner, aideId);
  }

  private message(content: string, tokensUsed: number): NewMessage {
    return { role: 'assistant', content, parentId: this.run.userMessageId, tokensUsed };
  }
}
