package casemate.interop;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.crypto.KeyAccessDeniedException;
import org.apache.parquet.crypto.keytools.KeyToolkit;
import org.apache.parquet.crypto.keytools.KmsClient;
import org.apache.parquet.crypto.keytools.LocalWrapKmsClient;

/** Master keys from the configuration: casemate.master.keys is "id=base64 id=base64". */
public class TestKms extends LocalWrapKmsClient {
    @Override
    protected void initializeInternal() {
    }

    @Override
    protected byte[] getMasterKeyFromServer(String id) {
        return masterKey(hadoopConfiguration, id);
    }

    static byte[] masterKey(Configuration configuration, String id) {
        for (String entry : configuration.get("casemate.master.keys").split(" ")) {
            int end = entry.indexOf('=');
            if (entry.substring(0, end).equals(id)) {
                return Base64.getDecoder().decode(entry.substring(end + 1));
            }
        }
        throw new KeyAccessDeniedException("no master key " + id);
    }

    /** The same without the JSON that LocalWrapKmsClient puts around a wrapped key. */
    public static class Bare implements KmsClient {
        private Configuration configuration;

        @Override
        public void initialize(Configuration configuration, String instance, String url, String token) {
            this.configuration = configuration;
        }

        @Override
        public String wrapKey(byte[] key, String id) {
            return KeyToolkit.encryptKeyLocally(key, masterKey(configuration, id), id.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public byte[] unwrapKey(String wrapped, String id) {
            return KeyToolkit.decryptKeyLocally(wrapped, masterKey(configuration, id), id.getBytes(StandardCharsets.UTF_8));
        }
    }
}
