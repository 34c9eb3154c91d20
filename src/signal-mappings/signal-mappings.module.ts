import { Module } from '@nestjs/common';
import { Conversation } from '../conversations/conversation.entity.js';
import { DatabaseModule } from '../database/database.module.js';
import { HttpModule } from '../http/http.module.js';
import { UsersModule } from '../users/users.module.js';
import { PairingCode } from './pairing-code.entity.js';
import { PairingService } from './pairing.service.js';
import { SignalMapping } from './signal-mapping.entity.js';
import { SignalMappingsController } from './signal-mappings.controller.js';
import { SignalMappingsService } from './signal-mappings.service.js';

@Module({
  imports: [DatabaseModule.forFeature([SignalMapping, PairingCode, Conversation]), HttpModule, UsersModule],
  controllers: [SignalMappingsController],
  providers: [SignalMappingsService, PairingService],
  exports: [SignalMappingsService],
})
export class SignalMappingsModule {}
