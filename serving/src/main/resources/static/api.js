'use strict';

// the document beside this page, with nothing sent to a validator elsewhere
SwaggerUIBundle({ url: 'openapi.yaml', dom_id: '#api', deepLinking: true, validatorUrl: null });
