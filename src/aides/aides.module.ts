import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { UsersModule } from '../users/users.module.js';
import { Aide } from './aide.entity.js';
import { AidesController } from './aides.controller.js';
import { AidesService } from './aides.service.js';
import { PublicAidesController } from './public-aides.controller.js';

@Module({
  imports: [DatabaseModule.forFeature([Aide]), UsersModule],
  controllers: [AidesController, PublicAidesController],
  providers: [AidesService],
  exports: [AidesService],
})
export class AidesModule {}
