import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { HttpModule } from '../http/http.module.js';
import { UsersModule } from '../users/users.module.js';
import { AideEvent } from './aide-event.entity.js';
import { AideEventsController } from './aide-events.controller.js';
import { AideEventsService } from './aide-events.service.js';
import { AideHistory } from './aide-history.service.js';
import { AideStreams } from './aide-streams.service.js';
import { Aide } from './aide.entity.js';
import { AidesController } from './aides.controller.js';
import { AidesService } from './aides.service.js';
import { PublicAidesController } from './public-aides.controller.js';
import { PublicPageController } from './public-page/public-page.controller.js';
import { Publication } from './publication.entity.js';
import { PublishingService } from './publishing.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Aide, AideEvent, Publication]), HttpModule, UsersModule],
  controllers: [AidesController, AideEventsController, PublicAidesController, PublicPageController],
  providers: [AidesService, AideEventsService, AideHistory, AideStreams, PublishingService],
  exports: [AidesService, AideEventsService, AideHistory],
})
export class AidesModule {}
