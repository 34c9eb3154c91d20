import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Model } from './model.js';
import { standIn } from './stand-in/stand-in.js';

async function modelOf({
  MODEL_BASE_URL: url,
  MODEL_API_KEY: key,
  MODEL_NAME: name,
}: Config): Promise<Model> {
  if (!url || !name) return new Model(standIn(), true);
  const { openAiModel } = await import('./language-model.js'); // costs memory and a tenth of a start
  return new Model(openAiModel(url, key, name), false);
}

@Module({
  providers: [{ provide: Model, useFactory: modelOf, inject: [Config] }],
  exports: [Model],
})
export class ModelModule {}
