// Swagger UI over our own document. Nothing is asked of anybody else: no validator, no fonts, no remote $ref.
const openapi = new URL("../openapi.json", document.currentScript.src).href;

// Swagger UI plays an answer by asking for its address anew, by GET and without what was posted. We play what came.
const playsWhatCame = () => ({
  wrapComponents: {
    responseBody: (Original, { React }) => (props) => {
      const isSound = String(props.contentType).startsWith("audio/") && props.content instanceof Blob;
      if (!isSound) return React.createElement(Original, props);
      return React.createElement("audio", { controls: true, src: URL.createObjectURL(props.content) });
    },
  },
});

SwaggerUIBundle({
  url: openapi,
  dom_id: "#docs",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [playsWhatCame],
  layout: "BaseLayout",
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
});
