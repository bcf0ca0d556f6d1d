// Renders a template with Apache FreeMarker, for test_apache_freemarker.py.
// Usage: java -cp freemarker.jar:gson.jar Render.java TEMPLATE MODELS HANDLER
// MODELS has one JSON object a line; the output of each goes to standard output, with a line "\u0000" after it.

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import freemarker.template.Configuration;
import freemarker.template.Template;
import freemarker.template.TemplateExceptionHandler;
import java.io.BufferedReader;
import java.io.OutputStreamWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

public class Render {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration(Configuration.VERSION_2_3_31);
        boolean strict = arguments[2].equals("rethrow");
        configuration.setTemplateExceptionHandler(
            strict ? TemplateExceptionHandler.RETHROW_HANDLER : TemplateExceptionHandler.IGNORE_HANDLER);
        configuration.setLogTemplateExceptions(false);
        configuration.setLocale(Locale.US);
        // Strict: numbers printed without ?c are grouped, as in a stock engine.
        configuration.setNumberFormat(strict ? "number" : "computer");
        String source = Files.readString(Path.of(arguments[0]), StandardCharsets.UTF_8);
        Template template = new Template("t", new StringReader(source), configuration);
        Gson gson = new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();
        try (BufferedReader models = Files.newBufferedReader(Path.of(arguments[1]), StandardCharsets.UTF_8);
             Writer output = new OutputStreamWriter(System.out, StandardCharsets.UTF_8)) {
            String line;
            while ((line = models.readLine()) != null) {
                StringWriter text = new StringWriter();
                template.process(gson.fromJson(line, Map.class), text);
                output.write(text.toString());
                output.write("\n\u0000\n");
            }
        }
    }
}
