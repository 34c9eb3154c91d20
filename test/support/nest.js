// CommonJS packages that require() Nest find it only once it has been imported as the ES module that it is.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
