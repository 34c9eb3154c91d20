import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { UsersModule } from '../users/users.module.js';
import { Aide } from './aide.entity.js';
import { AidesController } from './aides.controller.js';
import { AidesService } from './aides.service.js';
import { PublicAidesController } from './public-aides.controller.js';
import { PublicPageController } from './public-page/public-page.controller.js';
import { Publication } from './publication.entity.js';
import { PublishingService } from './publishing.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Aide, Publication]), UsersModule],
  controllers: [AidesController, PublicAidesController, PublicPageController],
  providers: [AidesService, PublishingService],
  exports: [AidesService],
})
export class AidesModule {}
