import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { openAiModel } from './language-model.js';
import { Model } from './model.js';
import { standIn } from './stand-in/stand-in.js';

function modelOf({ MODEL_BASE_URL: url, MODEL_API_KEY: key, MODEL_NAME: name }: Config): Model {
  return url && name ? new Model(openAiModel(url, key, name), false) : new Model(standIn(), true);
}

@Module({
  providers: [{ provide: Model, useFactory: modelOf, inject: [Config] }],
  exports: [Model],
})
export class ModelModule {}
